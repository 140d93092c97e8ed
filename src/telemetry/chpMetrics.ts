import { collectDefaultMetrics, Counter, Registry, Summary } from 'prom-client';

/** The numbers of `cylc-gateway proxy`, under the names that configurable-http-proxy gives them. */
export interface ChpMetrics {
  apiRoute: Record<'get' | 'add' | 'delete', () => void>;
  api(status: number): void;
  web(): void;
  webSocket(): void;
  proxied(status: number): void;
  /** Each returns the function that ends the measure. */
  startFindTarget(): () => void;
  startActivity(): () => void;
  /** Content type and text of the answer to Prometheus. */
  render(): Promise<{ type: string; text: string }>;
}

export function createChpMetrics(): ChpMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const count = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const byStatus = (name: string, help: string): Counter<'status'> =>
    new Counter({ name, help, labelNames: ['status'], registers });
  const get = count('api_route_get', 'Count of API route get requests');
  const add = count('api_route_add', 'Count of API route add requests');
  const remove = count('api_route_delete', 'Count of API route delete requests');
  const web = count('requests_web', 'Count of web requests');
  const webSocket = count('requests_ws', 'Count of websocket requests');
  const api = byStatus('requests_api', 'Count of API requests');
  const proxied = byStatus('requests_proxy', 'Count of proxy requests');
  const find = new Summary({ name: 'find_target_for_req', help: 'Seconds to find the target of a request', registers });
  const activity = new Summary({ name: 'last_activity_updating', help: 'Seconds to note an activity', registers });
  return {
    apiRoute: { get: () => get.inc(), add: () => add.inc(), delete: () => remove.inc() },
    api: (status) => api.inc({ status }),
    web: () => web.inc(),
    webSocket: () => webSocket.inc(),
    proxied: (status) => proxied.inc({ status }),
    startFindTarget: () => find.startTimer(),
    startActivity: () => activity.startTimer(),
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
