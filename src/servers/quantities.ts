/** Amounts of memory and lengths of time, as people write them. */

const mib: Readonly<Record<string, number>> = { k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 };

/** `4G`, `1.5 GiB`, `512 MB`: in MiB. Units are powers of 1024, as in Slurm and PBS. Undefined without a unit. */
export function parseMemoryMiB(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (mib[(match[2] ?? '').toLowerCase()] ?? 1);
}

const seconds: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/**
 * `8h`, `90 min`, `1d 12h`, `8:00` (hours and minutes), `8:00:00`, `1-12:00:00` and `1-12` (days first, as in Slurm): in
 * seconds. A bare number is refused: batch systems do not agree on what it counts.
 */
export function parseTimeS(text: string): number | undefined {
  const clock = /^(?:(\d+)-)?(\d{1,4})(?::(\d{2}))?(?::(\d{2}))?$/.exec(text.trim());
  if (clock !== null && (clock[1] !== undefined || clock[3] !== undefined)) {
    const [, days = 0, hours = 0, minutes = 0, rest = 0] = clock;
    return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  }
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/i.test(text.trim())) return undefined;
  let sum = 0;
  for (const [, count, unit = ''] of text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/giy)) {
    const known = /^(d|days?|h|hours?|hrs?|m|min|mins|minutes?|s|secs?|seconds?)$/i.test(unit);
    if (!known) return undefined;
    sum += Number(count) * (seconds[unit.charAt(0).toLowerCase()] ?? 1);
  }
  return Math.round(sum);
}

/** `4 GiB`, `1536 MiB`: for people. */
export function memoryText(amountMiB: number): string {
  if (amountMiB >= 1024 && Number.isInteger((amountMiB / 1024) * 4)) return `${amountMiB / 1024} GiB`;
  return amountMiB >= 1 ? `${Math.round(amountMiB)} MiB` : `${Math.round(amountMiB * 1024)} KiB`;
}

/** `8 h`, `1 d 12 h`: for people. */
export function timeText(lengthS: number): string {
  const parts = [
    [Math.floor(lengthS / 86_400), 'd'],
    [Math.floor(lengthS / 3600) % 24, 'h'],
    [Math.floor(lengthS / 60) % 60, 'min'],
    [lengthS % 60, 's'],
  ] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ') || '0 s';
}

/** `36:00:00`: hours are not folded into days, which every batch system reads. */
export function clockText(lengthS: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(lengthS / 3600))}:${two(Math.floor(lengthS / 60) % 60)}:${two(lengthS % 60)}`;
}
