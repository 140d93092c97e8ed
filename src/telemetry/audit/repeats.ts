import type { AuditRecord } from './record.ts';

/**
 * Denials are others' to cause, as many as they like. The first of a kind is written at once; what is the same (who,
 * from where, what, why) within the window after it is counted, and the count is written at its end. With too many
 * kinds at once the rest is counted by code alone, so that nobody can fill the disk or push out what went before.
 */
export interface Repeats {
  add(record: AuditRecord): void;
  /** Writes all counts. */
  close(): void;
}

const maxKinds = 300;

export function createRepeats(parts: {
  windowMs: number;
  now: () => number;
  write: (record: AuditRecord) => void;
}): Repeats {
  const kinds = new Map<string, { record: AuditRecord; more: number }>();
  const beyond = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    timer = undefined;
    const at = new Date(parts.now()).toISOString();
    for (const { record, more } of kinds.values()) if (more > 0) parts.write({ ...record, at, repeated: more });
    for (const [code, repeated] of beyond) parts.write({ ...nobody, at, code, repeated });
    kinds.clear();
    beyond.clear();
  }

  return {
    add(record) {
      timer ??= setTimeout(flush, parts.windowMs).unref();
      const { what, who, from, code, owner, target } = record;
      // Of an address, only its beginning: the rest is the client's to vary
      const place = owner === null ? target?.split('/', 3).join('/') : target;
      const key = [what, who, from, code, place].join('\0');
      const known = kinds.get(key);
      if (known !== undefined) known.more += 1;
      else if (kinds.size < maxKinds) {
        kinds.set(key, { record, more: 0 });
        parts.write(record);
      } else beyond.set(code ?? '', (beyond.get(code ?? '') ?? 0) + 1);
    },
    close() {
      clearTimeout(timer);
      flush();
    },
  };
}

const nobody: Omit<AuditRecord, 'at'> = {
  what: 'denied',
  result: 'denied',
  who: null,
  as: null,
  target: null,
  owner: null,
  way: 'gateway',
  from: null,
  requestId: null,
  code: null,
  reason: 'more denials than are listed one by one',
};
