import type { Identity } from '../access/types.ts';
import type { ServiceView } from '../services/types.ts';
import { Layout } from './layout.tsx';
import { PhaseBadge } from './serverCard.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';
import { RowForm } from './rowForm.tsx';

/** On the home page: what there is beside the servers. */
export function ServiceLinks({ services }: { services: readonly ServiceView[] }) {
  if (services.length === 0) return null;
  return (
    <section class="card" aria-labelledby="services">
      <h2 id="services">Services</h2>
      <ul class="list">
        {services.map((service) => (
          <li>
            <a class="name" href={service.prefix} rel="noopener">
              {service.title}
            </a>
            {service.owner === null ? null : <span class="help">yours, beside your server</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export interface ServicesPageProps {
  shell: Shell;
  who: Identity;
  services: readonly ServiceView[];
  /** Last lines of the log of each managed service of the site, by name. */
  logs: ReadonlyMap<string, string>;
}

/** For admins: every service, how it fares, its log, and a restart. */
export function ServicesPage({ shell, who, services, logs }: ServicesPageProps) {
  return (
    <Layout shell={shell} title="Services" who={who}>
      <h1>Services</h1>
      {services.length === 0 ? <p>This site has none: they are written in the configuration.</p> : null}
      {services.map((service) => (
        <section class="card">
          <div class="title">
            <h2>{service.owner === null ? service.title : `${service.title} of ${service.owner}`}</h2>
            <PhaseBadge phase={service.phase} />
          </div>
          <p class="help">
            {service.managed ? 'since ' : 'runs by itself'}
            {service.managed ? <When at={service.since} /> : null}
            {service.pid === null ? '' : ` · process ${service.pid}`}
            {service.restarts === 0 ? '' : ` · started again ${service.restarts} times`}
            {service.reason === null ? '' : ` · ${service.reason}`}
          </p>
          <ServiceLog text={logs.get(service.name)} name={service.title} />
          <div class="actions">
            {service.prefix === '' ? null : (
              <a class="button" href={service.prefix} rel="noopener">
                Open
              </a>
            )}
            {service.managed && service.owner === null ? (
              <RowForm
                shell={shell}
                who={who}
                action={shell.urls.hub('services')}
                name="service"
                value={service.name}
                label="Restart"
                spoken={`Restart ${service.title}`}
              />
            ) : null}
          </div>
        </section>
      ))}
    </Layout>
  );
}

function ServiceLog({ text, name }: { text: string | undefined; name: string }) {
  if (text === undefined || text === '') return null;
  return (
    <details>
      <summary>{`Log of ${name}`}</summary>
      <pre class="log" tabindex={0}>
        {text}
      </pre>
    </details>
  );
}
