import { GatewayError } from '../errors.ts';
import { argumentFault, splitArguments } from './arguments.ts';
import type { Program } from './programs.ts';
import { memoryText, parseMemoryMiB, parseTimeS, timeText } from './quantities.ts';
import type { OptionField } from './types.ts';
import { isWorkflowName } from './workflows.ts';

/** A service that people may have beside their server. */
export interface Beside {
  name: string;
  title: string;
}

/** Name of the box that asks for it. */
export function besideOption(service: string): string {
  return `with-${service}`;
}

/** The fields that every form has. */
export function baseFields(
  programs: readonly Program[],
  workflows: readonly string[],
  beside: readonly Beside[] = [],
): OptionField[] {
  return [
    ...cylcFields(programs, workflows),
    ...beside.map(({ name, title }): OptionField => {
      const label = `${title === '' ? name : title} as well`;
      const help = 'Runs as you, for as long as the server does.';
      return { name: besideOption(name), label, help, type: 'checkbox', default: false };
    }),
  ];
}

function cylcFields(programs: readonly Program[], workflows: readonly string[]): OptionField[] {
  return [
    {
      name: 'workflow',
      label: 'Workflow',
      help: 'Opens with this workflow. Leave it empty to see all of them.',
      type: 'workflow',
      suggestions: workflows,
      default: '',
    },
    {
      name: 'program',
      label: 'Cylc',
      help: 'Which Cylc runs the server.',
      type: 'choice',
      choices: programs.map(({ id, title }) => ({ value: id, label: title })),
      default: programs[0]?.id ?? '',
    },
    {
      name: 'args',
      label: 'Extra arguments',
      help: 'Options of the server, such as --CylcUIServer.scan_interval=10. No shell reads them.',
      type: 'text',
      default: '',
    },
  ];
}

export type OptionValues = Record<string, string | number | boolean>;

/** Checks what was asked for against the form and fills in the defaults; throws `spawn.options` naming every fault. */
export function checkOptions(fields: readonly OptionField[], given: Readonly<Record<string, unknown>>): OptionValues {
  const { values, faults } = readOptions(fields, given);
  if (faults.length > 0)
    throw new GatewayError('spawn.options', {
      message: `The options for the start are not valid: ${faults.map(({ field, fault }) => `${field}: ${fault}`).join('; ')}.`,
      fields: Object.fromEntries(faults.map(({ field, fault }) => [field, fault])),
    });
  return values;
}

/** The same for what was chosen the last time: what the rules no longer allow is left out. */
export function rememberedOptions(
  fields: readonly OptionField[],
  last: Readonly<Record<string, unknown>>,
): OptionValues {
  const { values, faults } = readOptions(fields, last);
  const bad = new Set(faults.map(({ field }) => field));
  return Object.fromEntries(Object.entries(values).filter(([name]) => !bad.has(name)));
}

interface Fault {
  field: string;
  fault: string;
}

function readOptions(
  fields: readonly OptionField[],
  given: Readonly<Record<string, unknown>>,
): { values: OptionValues; faults: Fault[] } {
  const faults: Fault[] = [];
  const values: OptionValues = {};
  for (const name of Object.keys(given))
    if (!fields.some((field) => field.name === name))
      faults.push({ field: name.slice(0, 40), fault: 'is no option here' });
  for (const field of fields) {
    const read = readField(field, Object.hasOwn(given, field.name) ? given[field.name] : undefined);
    if (read.fault === undefined) values[field.name] = read.value;
    else faults.push({ field: field.name, fault: read.fault });
  }
  return { values, faults };
}

type Read = { value: string | number | boolean; fault?: undefined } | { fault: string };

function readField(field: OptionField, given: unknown): Read {
  if (given === undefined || given === null) return { value: field.default };
  // Forms send lists of one (JupyterHub's `user_options` of a form do so too).
  const value: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (field.type === 'checkbox') return readCheckbox(value);
  if (typeof value === 'string' && value.trim() === '' && (field.required === true || field.type === 'number'))
    return field.required === true ? { fault: 'is missing' } : readEmptyNumber(field);
  if (field.type === 'number') return readNumber(field, value);
  if (typeof value !== 'string') return { fault: 'is not a text' };
  const text = value.trim();
  if (text.length > 2000) return { fault: 'is too long' };
  return readText(field, text);
}

function readText(field: OptionField, text: string): Read {
  if (field.type === 'choice')
    return field.choices?.some((choice) => choice.value === text)
      ? { value: text }
      : { fault: 'is not one of the choices' };
  if (field.type === 'workflow')
    return text === '' || isWorkflowName(text)
      ? { value: text }
      : { fault: 'is not a name that Cylc allows for a workflow' };
  if (field.name === 'args') return readArguments(text);
  if (text !== '' && field.type === 'memory')
    return readQuantity(field, text, parseMemoryMiB(text), 'is not an amount of memory with its unit, such as 4G');
  if (text !== '' && field.type === 'time')
    return readQuantity(field, text, parseTimeS(text), 'is not a time with its unit, such as 8h or 8:00:00');
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused here
  if (/[\u0000-\u001F\u007F]/.test(text)) return { fault: 'has control characters' };
  if (field.pattern !== undefined && text !== '' && !new RegExp(`^(?:${field.pattern})$`, 'u').test(text))
    return { fault: field.hint ? `is not ${field.hint}` : 'has characters that are not allowed here' };
  return { value: text };
}

/** The text is kept as it was typed: it is what the form shows again. */
function readQuantity(field: OptionField, text: string, amount: number | undefined, fault: string): Read {
  if (amount === undefined) return { fault };
  const show = field.type === 'memory' ? memoryText : timeText;
  if (amount <= 0) return { fault: 'is nothing' };
  if (field.min !== undefined && amount < field.min) return { fault: `is less than ${show(field.min)}` };
  if (field.max !== undefined && amount > field.max) return { fault: `is more than ${show(field.max)}` };
  return { value: text };
}

function readEmptyNumber(field: OptionField): Read {
  return field.required === false ? { value: '' } : { fault: 'is not a number' };
}

function readArguments(text: string): Read {
  const split = splitArguments(text);
  if (!split.ok) return { fault: split.fault };
  const faults = split.words.map(argumentFault).filter((fault) => fault !== undefined);
  return faults.length > 0 ? { fault: faults.join(', ') } : { value: text };
}

function readCheckbox(value: unknown): Read {
  if (typeof value === 'boolean') return { value };
  if (value === 'on' || value === 'true') return { value: true };
  return value === '' || value === 'false' ? { value: false } : { fault: 'is neither on nor off' };
}

function readNumber(field: OptionField, given: unknown): Read {
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof value !== 'number' || !Number.isFinite(value)) return { fault: 'is not a number' };
  if (field.whole === true && !Number.isInteger(value)) return { fault: 'is not a whole number' };
  if (field.min !== undefined && value < field.min) return { fault: `is less than ${field.min}` };
  if (field.max !== undefined && value > field.max) return { fault: `is more than ${field.max}` };
  return { value };
}
