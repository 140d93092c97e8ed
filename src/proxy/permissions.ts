/**
 * What browsers ask their user for in the name of an origin, and then allow to all of its pages (Permissions Policy). A
 * server that shares its origin with others, and with our sign-in, must not use what was allowed to another, nor ask
 * for a key or a password manager's account in our name. Takes the place of what an upstream sends.
 */
const withheld = [
  'bluetooth',
  'camera',
  'clipboard-read',
  'display-capture',
  'geolocation',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'local-fonts',
  'microphone',
  'midi',
  'otp-credentials',
  'payment',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];

export const sharedOriginPermissions = withheld.map((feature) => `${feature}=()`).join(', ');
