/** Shown on every home page while no real UI server is to be had. */
export const standInNotice = {
  reason: 'Cylc is not installed here, so servers are a small stand-in for its UI server.',
  advice: 'To get the real one, in the folder of the gateway:',
  command: 'npm run cylc:install',
};
