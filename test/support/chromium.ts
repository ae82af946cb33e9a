/**
 * A real browser for pages that use Holdfast: the distribution's Chromium, without a window, with
 * an empty profile of its own.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const ARGUMENTS = [
  // Containers and CI run as root, under which Chromium refuses to isolate its processes.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  // Nothing that a page did not ask for.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `close()` ends it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: find('chromium'), headless: true, args: ARGUMENTS });
}

/** The page's console warnings, console errors and uncaught errors while `page` is open. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

function find(command: string): string {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, command));
  const path = paths.find((each) => {
    try {
      accessSync(each, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (path === undefined) throw new Error(`${command} is not on the PATH; npm test installs it`);
  return path;
}
