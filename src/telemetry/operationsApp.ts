import { Hono } from 'hono';
import type { Context } from 'hono';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Events } from './events.ts';
import type { MetricRegistry } from './prometheus.ts';
import type { Readiness } from './readiness.ts';
import { tellRefusal } from './tellRefusal.ts';

export interface OperationsParts {
  metrics: MetricRegistry;
  readiness: () => Promise<Readiness>;
}

const plain = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' } as const;

/**
 * For those who watch the gateway, relative to `<base>/hub`: `/health` says that the process is alive, `/ready` whether
 * it should get requests, `/metrics` what there is to count. The first two tell nothing worth hiding and ask nobody who
 * they are. `mayRead` decides on the third, and throws or says no; nobody else gets a number.
 */
export function createOperationsApp(
  parts: OperationsParts & { mayRead: (c: Context) => Promise<boolean>; events: Events },
): Hono {
  const app = new Hono();
  addHealth(app, parts);
  app.get('/metrics', async (c) => {
    if (!(await parts.mayRead(c)))
      throw new GatewayError('access.denied', {
        message: 'Metrics are for admins and for tokens with the scope read:metrics.',
        advice: 'Send such a token: `Authorization: token …`.',
      });
    return render(c, parts);
  });
  app.onError((thrown, c) => {
    const error = toGatewayError(thrown);
    tellRefusal(parts.events, error, { method: c.req.method, path: c.req.path });
    return c.json(error.toJSON(), error.status as 403, plain);
  });
  return app;
}

/** The same on a listener that only this host can reach: nobody is asked. */
export function createOperationsListenerApp(parts: OperationsParts): Hono {
  const app = new Hono();
  addHealth(app, parts);
  app.get('/metrics', (c) => render(c, parts));
  return app;
}

function addHealth(app: Hono, { readiness }: OperationsParts): void {
  app.get('/health', (c) => c.json({ status: 'ok' }, 200, plain));
  app.get('/ready', async (c) => {
    const { ready, checks } = await readiness();
    return c.json({ status: ready ? 'ready' : 'not ready', checks }, ready ? 200 : 503, plain);
  });
}

async function render(c: Context, { metrics }: OperationsParts): Promise<Response> {
  const { type, text } = await metrics.render();
  return c.body(text, 200, { ...plain, 'content-type': type });
}
