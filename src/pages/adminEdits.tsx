import type { FieldEdit } from '../store/merge.ts';
import type { Conflict } from '../store/mergeValue.ts';
import { faultText } from '../store/faults.ts';
import type { EditRecord } from '../store/editLog.ts';
import { Act } from './adminAct.tsx';
import type { AdminPageProps } from './adminPageProps.ts';
import { When } from './times.tsx';

/** A save of admin.json that is not taken: what is wrong with it, and the way out. */
export function RefusedEdit({ shell, who, refused }: Pick<AdminPageProps, 'shell' | 'who' | 'refused'>) {
  if (refused === undefined) return null;
  return (
    <div class="notice danger" role="alert">
      <p>
        <strong>admin.json was edited and cannot be taken</strong> since <When at={refused.since} />. Nothing was
        changed. Mend the file, or dismiss the edit: the last good state is then written over it (what was saved is kept
        in the folder “refused”).
      </p>
      <ul>
        {refused.faults.slice(0, 20).map((fault) => (
          <li>{faultText(fault)}</li>
        ))}
      </ul>
      <Act shell={shell} who={who} kind="edits" name="edit" act="dismiss" label="Dismiss the" danger />
    </div>
  );
}

const outcomes: Record<EditRecord['outcome'], string> = {
  taken: 'Taken',
  refused: 'Refused',
  dismissed: 'Dismissed',
};

/** Edits of admin.json by hand, newest first. */
export function EditList({ edits }: { edits: readonly EditRecord[] }) {
  return (
    <section class="card" aria-labelledby="edits">
      <h2 id="edits">Edits by hand</h2>
      {edits.length === 0 ? <p class="help">Nobody has edited admin.json yet.</p> : null}
      <ul class="list">
        {edits.slice(0, 30).map((edit) => (
          <li>
            <div>
              <span class="name">{outcomes[edit.outcome]}</span> <When at={edit.at} />
              {edit.by === null ? '' : `, by ${edit.by}`}
              {edit.note === '' ? '' : `: ${edit.note}`}
              <ul class="plain">
                {edit.edits.slice(0, 20).map((one) => (
                  <li>{fieldText(one)}</li>
                ))}
                {edit.count > 20 ? <li>{`… and ${edit.count - 20} more`}</li> : null}
                {edit.conflicts.map((one) => (
                  <li class="fault">{conflictText(one)}</li>
                ))}
                {edit.faults.slice(0, 5).map((fault) => (
                  <li class="fault">{faultText(fault)}</li>
                ))}
              </ul>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function fieldText({ path, before, after }: FieldEdit): string {
  return `${path}: ${short(before)} → ${short(after)}`;
}

function conflictText({ path, kept, dropped }: Conflict): string {
  return `Conflict: ${path} was changed to ${short(dropped)} by the gateway meanwhile; ${short(kept)} stands`;
}

function short(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
