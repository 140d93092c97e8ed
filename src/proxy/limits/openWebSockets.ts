import type { Duplex } from 'node:stream';
import type { Config } from '../../config/schema.ts';
import type { HopPlan } from '../types.ts';

/** Open WebSockets by account and by what they lead to: each costs the gateway two descriptors, and the server one. */
export class OpenWebSockets {
  readonly #perAccount: number;
  readonly #perServer: number;
  readonly #counts = new Map<string, number>();

  constructor(config: Pick<Config['proxy'], 'webSocketsPerAccount' | 'webSocketsPerServer'>) {
    this.#perAccount = config.webSocketsPerAccount || Number.POSITIVE_INFINITY;
    this.#perServer = config.webSocketsPerServer || Number.POSITIVE_INFINITY;
  }

  /** Counts one until its client's connection is closed; otherwise says what is full. */
  enter(
    socket: Duplex,
    { identity, route }: Pick<HopPlan, 'identity' | 'route'>,
  ): 'request.websockets' | 'server.websockets' | undefined {
    const [account, server] = [`account ${identity.account.name}`, `to ${route.prefix}`];
    if (this.#count(account) >= this.#perAccount) return 'request.websockets';
    if (this.#count(server) >= this.#perServer) return 'server.websockets';
    this.#add(account, 1);
    this.#add(server, 1);
    socket.once('close', () => {
      this.#add(account, -1);
      this.#add(server, -1);
    });
    return undefined;
  }

  #count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #add(key: string, more: 1 | -1): void {
    const count = this.#count(key) + more;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}
