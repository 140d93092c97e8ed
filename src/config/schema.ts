import { z } from 'zod';
import { accessSchema } from './sections/access.ts';
import { baseSchema } from './sections/base.ts';
import { edgeSchema } from './sections/edge.ts';
import { hubSchema } from './sections/hub.ts';
import { identitySchema } from './sections/identity.ts';
import { auditSchema, metricsSchema } from './sections/metrics.ts';
import { environmentsSchema, profilesSchema } from './sections/profiles.ts';
import { proxySchema } from './sections/proxy.ts';
import { serversSchema } from './sections/servers.ts';
import { servicesSchema } from './sections/services.ts';
import { spawnersSchema } from './sections/spawners.ts';

/** Everything `gateway.yaml` may say. Each room's section has its own file. */
export const configSchema = baseSchema.extend({
  identity: identitySchema.prefault({}).describe('Who vouches for people.'),
  access: accessSchema.prefault({}).describe('Who may open what.'),
  servers: serversSchema.prefault({}).describe("A server's life."),
  services: servicesSchema.default([]).describe('Web applications and helpers beside the UI servers.'),
  environments: environmentsSchema.default([]).describe('Several Cylc side by side. Default: the one that is found.'),
  profiles: profilesSchema
    .default([])
    .describe(
      'What people choose from when they start a server. Default: this host, and Slurm where it is configured.',
    ),
  spawners: spawnersSchema.prefault({}).describe('Ways to run servers on other nodes.'),
  hub: hubSchema.prefault({}).describe('The Hub contract.'),
  proxy: proxySchema.prefault({}).describe('The hop.'),
  metrics: metricsSchema.prefault({}).describe('Numbers for Prometheus (docs/operations.md).'),
  audit: auditSchema.prefault({}).describe('Who did what (docs/operations.md).'),
  edge: edgeSchema.prefault({}).describe('The Worker in front (docs/edge.md).'),
});
export type Config = z.infer<typeof configSchema>;
