import type { PostedForm } from '../listen/bodyFormats.ts';
import type { OptionField, ProfileForm } from '../servers/types.ts';

/** Names of option fields carry this prefix in the form, so that none can clash with our own (`_csrf`, `next`). */
export const optionPrefix = 'option.';

/**
 * What the visitor chose, typed by the declared fields alone: anything else that was posted is ignored. Rules (ranges,
 * patterns, who may choose what) are the servers room's, the same for the API.
 */
export function readOptions(form: ProfileForm, posted: PostedForm): Record<string, unknown> {
  return Object.fromEntries(
    form.fields
      // A field that was not sent has its default; a checkbox that is off is never sent.
      .filter((field) => field.type === 'checkbox' || posted[optionPrefix + field.name] !== undefined)
      .map((field) => [field.name, readField(field, posted[optionPrefix + field.name])]),
  );
}

function readField(field: OptionField, posted: unknown): unknown {
  if (field.type === 'checkbox') return posted !== undefined;
  const text = typeof posted === 'string' ? posted.trim() : '';
  if (field.type !== 'number') return text;
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? text : number;
}

/** The form with other values in it: those of a refused form, or of the address (`/hub/spawn?workflow=nowcast`). */
export function withValues(form: ProfileForm, values: Readonly<Record<string, unknown>>): ProfileForm {
  return {
    ...form,
    fields: form.fields.map((field) => {
      const value = values[field.name];
      return isValue(value) ? { ...field, default: field.type === 'checkbox' ? isOn(value) : value } : field;
    }),
  };
}

function isValue(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isOn(value: string | number | boolean): boolean {
  return value === true || value === 'true' || value === 'on' || value === '1';
}
