/** Fixtures that the tests of a file share: made before the first test, ended after the last. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startApp, type TestApp, type TestAppOptions, type TestEnvironment } from './app.js';
import { startInbox, type InboxStack } from './inbox.js';

/**
 * An object that stands for a value which is made before the tests; it is used in tests and hooks only.
 *
 * @param end runs after the tests
 */
function shared<T extends object>(make: () => Promise<T>, end: (value: T) => unknown): T {
  let value: T | undefined;
  beforeAll(async () => {
    value = await make();
  });
  afterAll(async () => {
    if (value !== undefined) await end(value);
  });
  return new Proxy({} as T, {
    get(_target, name) {
      if (value === undefined) throw new Error(`${String(name)} is used before the tests have begun`);
      const member: unknown = Reflect.get(value, name, value);
      const isMethod = typeof member === 'function' && Object.getPrototypeOf(value) !== Object.prototype;
      return isMethod ? (member.bind(value) as unknown) : member;
    },
  });
}

/** One app for all tests of a file. */
export function sharedApp(options?: TestAppOptions): TestApp {
  return shared(
    () => startApp(options),
    (app) => app.close(),
  );
}

/** One environment of that app for all tests of a file. */
export function sharedEnvironment(app: TestApp): TestEnvironment {
  return shared(
    () => app.environment(),
    () => undefined,
  );
}

/** One Redis with an inbox for all tests of a file, emptied before each. */
export function sharedInbox(): InboxStack {
  const stack = shared(startInbox, (inbox) => inbox.stop());
  beforeEach(() => stack.clear());
  return stack;
}
