import type { Identity } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import type { ProfileForm, ServerKey } from '../servers/types.ts';
import { StandInNote } from './homePage.tsx';
import { Layout } from './layout.tsx';
import { serverPage, serverTitle } from './links.ts';
import { FaultSummary, OptionFields } from './optionsForm.tsx';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';

export interface SpawnProps {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  forms: readonly ProfileForm[];
  chosen: ProfileForm;
  next?: string | undefined;
  /** Why the last try was refused. */
  error?: GatewayError | undefined;
}

/** Options of a start. The profiles to choose from are links, each with its own form. */
export function SpawnPage({ shell, who, server, forms, chosen, next, error }: SpawnProps) {
  const faults = error?.fields ?? {};
  const action = serverPage(shell.urls, 'spawn', server);
  return (
    <Layout shell={shell} title="Start" who={who}>
      <h1>{`Start ${serverTitle(server, who.account.name).replace(/^Your/, 'your')}`}</h1>
      {error === undefined ? null : <FaultSummary form={chosen} error={error} />}
      <Profiles action={action} forms={forms} chosen={chosen} next={next} />
      <PostForm shell={shell} who={who} class="card" action={action}>
        {chosen.description === '' ? null : <p class="lead">{chosen.description}</p>}
        <input type="hidden" name="profile" value={chosen.profile} />
        {next === undefined ? null : <input type="hidden" name="next" value={next} data-keep-hash />}
        <OptionFields form={chosen} faults={faults} />
        <div class="actions">
          <button class="big" type="submit">
            Start
          </button>
          <a class="button quiet" href={shell.urls.hub('home')}>
            Not now
          </a>
        </div>
      </PostForm>
      <StandInNote shell={shell} />
    </Layout>
  );
}

type ProfilesProps = { action: string; forms: readonly ProfileForm[]; chosen: ProfileForm; next?: string | undefined };

function Profiles({ action, forms, chosen, next }: ProfilesProps) {
  if (forms.length < 2) return null;
  const onwards = next === undefined ? '' : `&next=${encodeURIComponent(next)}`;
  return (
    <nav class="tabs" aria-label="Ways to start">
      {forms.map(({ profile, title }) => (
        <a
          href={`${action}?profile=${encodeURIComponent(profile)}${onwards}`}
          aria-current={profile === chosen.profile ? 'true' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}
