import type { GatewayError } from '../errors.ts';
import type { OptionField, ProfileForm } from '../servers/types.ts';
import { optionPrefix } from './optionsInput.ts';

/** Fields of a start, each with its help and, where the last try had one, its fault. */
export function OptionFields({ form, faults }: { form: ProfileForm; faults: Readonly<Record<string, string>> }) {
  return (
    <>
      {form.fields.map((field) => (
        <Field field={field} fault={faults[field.name]} />
      ))}
    </>
  );
}

function Field({ field, fault }: { field: OptionField; fault: string | undefined }) {
  const id = `field-${field.name}`;
  const described = [field.help === '' ? '' : `${id}-help`, fault === undefined ? '' : `${id}-fault`].join(' ').trim();
  const common = {
    id,
    name: optionPrefix + field.name,
    'aria-describedby': described === '' ? undefined : described,
    'aria-invalid': fault === undefined ? undefined : ('true' as const),
  };
  const label = <label for={id}>{field.label}</label>;
  return (
    <div class={field.type === 'checkbox' ? 'field check' : 'field'}>
      {field.type === 'checkbox' ? (
        <>
          <input type="checkbox" value="on" checked={field.default === true} {...common} /> {label}
        </>
      ) : (
        <>
          {label} <Control field={field} common={common} />
        </>
      )}
      {field.help === '' ? null : (
        <p class="help" id={`${id}-help`}>
          {field.help}
        </p>
      )}
      {fault === undefined ? null : (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

type CommonProps = { id: string; name: string };

function Control({ field, common }: { field: OptionField; common: CommonProps }) {
  if (field.type === 'choice')
    return (
      <select {...common}>
        {(field.choices ?? []).map(({ value, label }) => (
          <option value={value} selected={value === field.default}>
            {label}
          </option>
        ))}
      </select>
    );
  return (
    <span class="control">
      <input value={String(field.default)} {...common} {...inputKind(field)} />
      {field.unit === undefined ? null : <span class="unit">{field.unit}</span>}
      {field.suggestions === undefined ? null : (
        <datalist id={`${common.id}-list`}>
          {field.suggestions.map((value) => (
            <option value={value} />
          ))}
        </datalist>
      )}
    </span>
  );
}

/** `type` and its limits. Ranges are only a hint to the browser: the servers room checks. */
function inputKind(field: OptionField): Record<string, string | number | undefined> {
  const list = field.suggestions === undefined ? undefined : `field-${field.name}-list`;
  if (field.type === 'number') return { type: 'number', min: field.min, max: field.max, step: 'any', list };
  const placeholder = { memory: '4G', time: '8h' }[field.type as string];
  return { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', placeholder, list };
}

/** Says at the head of a form that was not accepted which fields to mend, with a link to each, or else what was wrong. */
export function FaultSummary({ form, error }: { form: ProfileForm; error: GatewayError }) {
  const faults = Object.entries(error.fields ?? {});
  const text = faults.length === 0 ? `${error.message} ${error.advice}` : 'Not yet: please correct this first.';
  return (
    <div class="notice danger" role="alert" tabindex={-1} data-focus>
      <p>{text}</p>
      <ul>
        {faults.map(([name, fault]) => {
          const field = form.fields.find((candidate) => candidate.name === name);
          return <li>{field === undefined ? fault : <a href={`#field-${name}`}>{`${field.label}: ${fault}`}</a>}</li>;
        })}
      </ul>
    </div>
  );
}
