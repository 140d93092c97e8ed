import { Socket } from 'node:net';
import type { OnReadOpts } from 'node:net';
import { ownsPort } from '../../listen/portOwner.ts';

/** A connection to a port that has to be a certain user's: closed, before anything is sent, where it is not. */
export class OwnedSocket extends Socket {
  /** Resolves once it is known to be that user's, or never. */
  readonly checked: Promise<void>;

  constructor({ port, owner, onread }: { port: number; owner: number; onread: OnReadOpts | undefined }) {
    super(onread === undefined ? {} : { onread });
    this.checked = new Promise((resolve) => {
      this.once('connect', () => {
        ownsPort(port, owner).then(
          (good) => (good ? resolve() : this.destroy(new Error('the port of the server is not its own'))),
          (error: unknown) => this.destroy(error as Error),
        );
      });
    });
    this.connect({ host: '127.0.0.1', port }).setNoDelay(true);
  }
}
