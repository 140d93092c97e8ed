import type { FieldConfig, ProfileConfig } from '../config/sections/profiles.ts';
import { parseMemoryMiB, parseTimeS } from './quantities.ts';
import type { SubmitItem } from './submitTemplate.ts';
import type { OptionField } from './types.ts';

/** What a Slurm profile asks for where the site has said nothing else. */
const slurmFields: Readonly<Record<string, FieldConfig>> = {
  partition: {
    type: 'text',
    label: 'Partition',
    help: "Leave it empty for Slurm's default.",
    required: false,
    default: '',
    pattern: '[A-Za-z0-9_.-]*',
    hint: 'a name of a partition',
  },
  cores: {
    type: 'number',
    label: 'Cores',
    help: '',
    required: true,
    default: 1,
    min: 1,
    max: 64,
    whole: true,
    unit: '',
  },
  memory: { type: 'memory', label: 'Memory', help: 'For all cores together.', required: true, default: '1G' },
  time: { type: 'time', label: 'Time', help: 'The server is ended when it has passed.', required: true, default: '8h' },
};
const slurmSubmit: readonly SubmitItem[] = [
  '--partition={partition}',
  '--cpus-per-task={cores}',
  '--mem={memory}',
  '--time={time}',
];

/** The site's own fields of a profile; those of Slurm where it has declared none. */
export function siteFields({ fields, spawner }: ProfileConfig): OptionField[] {
  const declared = fields ?? (spawner === 'slurm' ? slurmFields : {});
  return Object.entries(declared).map(([name, field]) => toField(name, field));
}

export function siteSubmit({ fields, submit, spawner }: ProfileConfig): readonly SubmitItem[] {
  return submit ?? (spawner === 'slurm' && fields === undefined ? slurmSubmit : []);
}

function toField(name: string, field: FieldConfig): OptionField {
  const { type, label, help, required } = field;
  const common = { name, type, label, help, required };
  switch (field.type) {
    case 'choice': {
      const choices = field.choices.map((item) => (typeof item === 'string' ? { value: item, label: item } : item));
      return { ...common, choices, default: field.default ?? choices[0]?.value ?? '' };
    }
    case 'number':
      return {
        ...common,
        default: field.default ?? '',
        whole: field.whole,
        ...limits(field.min, field.max),
        ...(field.unit !== '' && { unit: field.unit }),
      };
    case 'memory':
      return {
        ...common,
        default: field.default,
        ...limits(measured(field.min, parseMemoryMiB), measured(field.max, parseMemoryMiB)),
      };
    case 'time':
      return {
        ...common,
        default: field.default,
        ...limits(measured(field.min, parseTimeS), measured(field.max, parseTimeS)),
      };
    case 'text':
      return { ...common, default: field.default, pattern: field.pattern, hint: field.hint };
    default:
      return { ...common, default: field.default };
  }
}

function measured(text: string | undefined, parse: (text: string) => number | undefined): number | undefined {
  return text === undefined ? undefined : parse(text);
}

function limits(min: number | undefined, max: number | undefined): Pick<OptionField, 'min' | 'max'> {
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}
