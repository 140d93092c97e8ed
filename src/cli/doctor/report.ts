import type { NamedFinding } from './types.ts';

const marks = { ok: '✓', warn: '!', fault: '✗' } as const;

/** One finding for people: a line, and below it why and what to do. */
export function findingText({ check, outcome, what, why, advice }: NamedFinding, width: number): string {
  const indent = `\n  ${' '.repeat(width)}  `;
  const below = [...(why === undefined ? [] : [why]), ...(advice === undefined ? [] : [`→ ${advice}`])];
  const text = [what, ...below].flatMap((part) => part.trimEnd().split('\n')).join(indent);
  return `${marks[outcome]} ${check.padEnd(width)}  ${text}`;
}

/** The last line. */
export function summary(findings: readonly NamedFinding[]): string {
  const count = (outcome: NamedFinding['outcome'], word: string): string[] => {
    const number = findings.filter((finding) => finding.outcome === outcome).length;
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`];
  };
  const [faults, warnings] = [count('fault', 'fault'), count('warn', 'warning')];
  if (faults.length > 0) return `${[...faults, ...warnings].join(', ')}.`;
  return warnings.length === 0 ? 'All is well.' : `All is well, with ${warnings.join('')}.`;
}
