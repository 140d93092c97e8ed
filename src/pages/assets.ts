import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface Asset {
  /** `gateway.css`. */
  name: string;
  /** With a hash of the content, so that it may be cached for ever: `gateway.1a2b3c4d5e.css`. */
  hashedName: string;
  type: string;
  content: Uint8Array;
}

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Styles and browser script: as `npm run build` made them, or, when run from source, bundled now. */
export async function loadAssets(): Promise<Asset[]> {
  const built = join(import.meta.dirname, 'assets');
  if (!existsSync(built)) return bundleFromSource();
  return readdirSync(built).map((name) => createAsset(name, readFileSync(join(built, name))));
}

async function bundleFromSource(): Promise<Asset[]> {
  // Kept out of the build: esbuild is there for developers only.
  const source = new URL('./browser/build.ts', import.meta.url).href;
  const { bundle } = (await import(source)) as { bundle: () => { name: string; content: Uint8Array }[] };
  return bundle().map(({ name, content }) => createAsset(name, content));
}

function createAsset(name: string, content: Uint8Array): Asset {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const extension = extname(name);
  const hashedName = `${name.slice(0, -extension.length)}.${hash}${extension}`;
  return { name, hashedName, type: types[extension] ?? 'application/octet-stream', content };
}

/** Plain name → hashed name; unknown names stay. For `createShell`. */
export function assetNames(assets: readonly Asset[]): (name: string) => string {
  const names = new Map(assets.map((asset) => [asset.name, asset.hashedName]));
  return (name) => names.get(name) ?? name;
}
