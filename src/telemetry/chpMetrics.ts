import { createToldMetrics } from './prometheus.ts';

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
  const { count, countByStatus, summary, render } = createToldMetrics();
  const get = count('api_route_get', 'Count of API route get requests');
  const add = count('api_route_add', 'Count of API route add requests');
  const remove = count('api_route_delete', 'Count of API route delete requests');
  const web = count('requests_web', 'Count of web requests');
  const webSocket = count('requests_ws', 'Count of websocket requests');
  const api = countByStatus('requests_api', 'Count of API requests');
  const proxied = countByStatus('requests_proxy', 'Count of proxy requests');
  const find = summary('find_target_for_req', 'Seconds to find the target of a request');
  const activity = summary('last_activity_updating', 'Seconds to note an activity');
  return {
    apiRoute: { get: () => get.inc(), add: () => add.inc(), delete: () => remove.inc() },
    api: (status) => api.inc({ status }),
    web: () => web.inc(),
    webSocket: () => webSocket.inc(),
    proxied: (status) => proxied.inc({ status }),
    startFindTarget: () => find.startTimer(),
    startActivity: () => activity.startTimer(),
    render,
  };
}
