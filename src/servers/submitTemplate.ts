import type { OptionValues } from './options.ts';
import { clockText, parseMemoryMiB, parseTimeS } from './quantities.ts';
import type { OptionField } from './types.ts';

/** One argument, or some that belong together. */
export type SubmitItem = string | readonly string[];

const placeholder = /\{([A-Za-z]\w*)(?::(\w+))?\}/g;

/**
 * Fills in `{field}`: memory as `4096M` (`{memory:mb}`: 4096), time as `08:00:00` (`{time:minutes}`, `{time:seconds}`),
 * a checkbox as nothing but its presence. An item with an empty field in it is left out.
 */
export function fillSubmit(
  items: readonly SubmitItem[],
  fields: readonly OptionField[],
  values: OptionValues,
): string[] {
  return items.flatMap((item) => {
    const words = typeof item === 'string' ? [item] : item;
    const filled = words.map((word) => fillWord(word, fields, values));
    return filled.includes(undefined) ? [] : (filled as string[]);
  });
}

/** Names in the templates that no field has. */
export function unknownFields(items: readonly SubmitItem[], names: readonly string[]): string[] {
  const used = items.flat().flatMap((word) => [...word.matchAll(placeholder)].map(([, name = '']) => name));
  return [...new Set(used)].filter((name) => !names.includes(name));
}

function fillWord(word: string, fields: readonly OptionField[], values: OptionValues): string | undefined {
  let missing = false;
  const filled = word.replaceAll(placeholder, (_, name: string, form: string | undefined) => {
    const field = fields.find((candidate) => candidate.name === name);
    const text = field === undefined ? undefined : valueText(field, values[name], form);
    missing ||= text === undefined;
    return text ?? '';
  });
  return missing ? undefined : filled;
}

function valueText(
  field: OptionField,
  value: OptionValues[string] | undefined,
  form: string | undefined,
): string | undefined {
  if (value === undefined || value === '' || value === false) return undefined;
  if (field.type === 'memory') {
    const amount = Math.ceil(parseMemoryMiB(String(value)) ?? 0);
    return form === 'mb' ? String(amount) : form === 'kb' ? String(amount * 1024) : `${amount}M`;
  }
  if (field.type === 'time') {
    const length = parseTimeS(String(value)) ?? 0;
    return form === 'seconds'
      ? String(length)
      : form === 'minutes'
        ? String(Math.ceil(length / 60))
        : clockText(length);
  }
  return field.type === 'checkbox' ? '' : String(value);
}
