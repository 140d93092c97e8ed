import type { Identity } from '../access/types.ts';
import type { ApiCall } from '../hub/types.ts';
import { Layout } from './layout.tsx';
import type { Shell } from './shell.ts';

/** The REST API for people to read: made from the same table as its OpenAPI document and its handlers. */
export function ApiPage({ shell, who, calls }: { shell: Shell; who: Identity; calls: readonly ApiCall[] }) {
  const tags = [...new Set(calls.map(({ tag }) => tag))];
  const root = shell.urls.hub('api');
  return (
    <Layout shell={shell} title="REST API" who={who} here="api-docs">
      <h1>REST API</h1>
      <p>
        JupyterHub’s, under <code>{shell.urls.origin + root}</code>, with a <a href={shell.urls.hub('token')}>token</a>{' '}
        in the header <code>Authorization: token …</code>. For programs:{' '}
        <a href={`${root}/openapi.json`}>openapi.json</a>.
      </p>
      {tags.map((tag) => (
        <section class="card" aria-labelledby={`tag-${tag}`}>
          <h2 id={`tag-${tag}`}>{tag}</h2>
          {calls
            .filter((call) => call.tag === tag)
            .map((call) => (
              <Call call={call} />
            ))}
        </section>
      ))}
    </Layout>
  );
}

function Call({ call }: { call: ApiCall }) {
  const { method, path, summary, description, query, body, replies } = call;
  return (
    <details>
      <summary>
        <code>{`${method} ${path}`}</code>
        {` · ${summary}`}
      </summary>
      {description === '' ? null : <p class="help">{description.replaceAll('`', '')}</p>}
      {query.length === 0 ? null : <p>{`Query: ${query.join(', ')}`}</p>}
      {body.length === 0 ? null : <p>{`Body: ${body.join(', ')}`}</p>}
      <ul>
        {replies.map(({ status, description: text }) => (
          <li>{`${status}: ${text.replaceAll('`', '')}`}</li>
        ))}
      </ul>
    </details>
  );
}
