import { launch } from 'puppeteer-core';
import type { Browser } from 'puppeteer-core';

export type BrowserName = 'chromium' | 'firefox';

/** The system's own browser, Firefox by WebDriver BiDi. `hosts` are names that lead to this machine; certificates are not checked. */
export function launchBrowser(name: BrowserName, hosts: readonly string[] = []): Promise<Browser> {
  return name === 'chromium' ? launchChromium(hosts) : launchFirefox(hosts);
}

function launchChromium(hosts: readonly string[]): Promise<Browser> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(', ');
  return launch({
    browser: 'chrome',
    executablePath: '/usr/bin/chromium',
    acceptInsecureCerts: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      // A service worker is refused on a connection whose certificate was only waved through
      '--ignore-certificate-errors',
      ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`]),
    ],
  });
}

function launchFirefox(hosts: readonly string[]): Promise<Browser> {
  return launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      'network.dns.localDomains': hosts.join(','),
      'dom.disable_open_during_load': false,
      'app.update.enabled': false,
      'datareporting.policy.dataSubmissionEnabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
  });
}
