import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../helpers/sources.ts';

test('the bundle that is deployed holds nothing of Node and stays small', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edge-'));
  try {
    execFileSync('node_modules/.bin/wrangler', ['deploy', '--dry-run', '--outdir', folder], {
      cwd: repository,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
      stdio: 'pipe',
    });
    const bundle = readFileSync(join(folder, 'edge.js'), 'utf8');
    const bled = ['piscina', 'child_process', 'lowdb', 'steno', 'undici', 'pino', 'koffi', 'node:'].filter((word) =>
      bundle.includes(word),
    );
    expect(bled).toEqual([]);
    expect(bundle.length).toBeLessThan(200_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
