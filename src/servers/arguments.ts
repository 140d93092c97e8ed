/**
 * Extra arguments as one line of text, split into words as a shell would, but by no shell: blanks separate, quotes
 * and backslash keep together, and `$`, `;`, `|` and the like mean nothing but themselves.
 */
export function splitArguments(text: string): { ok: true; words: string[] } | { ok: false; fault: string } {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quote !== undefined && char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) [quote, word] = [char, word ?? ''];
    else if (char === '\\' && quote !== "'") {
      index += 1;
      if (index >= text.length) return { ok: false, fault: 'ends with a backslash' };
      word = (word ?? '') + text.charAt(index);
    } else if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== undefined) return { ok: false, fault: `has an opening ${quote} without its closing one` };
  if (word !== undefined) words.push(word);
  return { ok: true, words };
}

/**
 * Settings that the gateway makes itself (where the server listens, who may use it, where it lies): an argument that
 * changes one would break the server, or open it to others. Traitlets take them by class, and Jupyter has short names.
 */
const reserved = new Set(
  (
    'sock sock_mode sockmode ip port port_retries base_url allow_origin allow_origin_pat allow_remote_access trust_xheaders ' +
    'token password password_required identity_provider_class authorizer_class allow_root disable_check_xsrf ' +
    'allow_unauthenticated_access authenticate_prometheus allow_password_change custom_display_url certfile keyfile ' +
    'client_ca ssl_options allow_credentials config config_file jpserver_extensions login_handler_class logout_handler_class hub_auth_class ' +
    'hub_prefix hub_host hub_api_url hub_activity_url hub_http_prefix user group cookie_secret cookie_secret_file ' +
    'cookie_name cookie_options cookie_host_prefix_enabled oauth_client_id oauth_redirect_uri access_scopes ' +
    'api_token api_url oauth_scopes base_path user_authorization site_authorization'
  ).split(' '),
);
const reservedFlags = new Set([
  'f',
  'y',
  'allow-root',
  'generate-config',
  'help',
  'help-all',
  'h',
  'show-config',
  'version',
  'V',
  'new',
  'no-mathjax',
]);

/** Why this argument may not be given, or undefined. Only options are taken: a bare word would be a sub-command or file. */
export function argumentFault(word: string): string | undefined {
  if (word.includes('\0') || word.includes('\n')) return 'has a character that no argument may have';
  const match = /^--?([A-Za-z][\w.-]*)(=.*)?$/.exec(word);
  if (match === null) return `\`${word.slice(0, 60)}\` is not an option: write \`--Name.option=value\``;
  const name = match[1] ?? '';
  const trait = (name.split('.').at(-1) ?? name).replaceAll('-', '_').toLowerCase();
  if (reserved.has(trait) || reservedFlags.has(name))
    return `\`--${name}\` is set by the gateway and may not be changed`;
  return undefined;
}
