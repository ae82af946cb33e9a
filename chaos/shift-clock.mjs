/**
 * Preloaded into a node: its clock (Date) is off by CHAOS_CLOCK_OFFSET_MS milliseconds. Timers and performance.now() go on as they are,
 * as on a machine whose clock was set wrong. A preload and not libfaketime, because that also bends timers, and needs a package.
 */
const offset = Number(process.env.CHAOS_CLOCK_OFFSET_MS ?? '0');
const Real = Date;

globalThis.Date = new Proxy(Real, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Real.now() + offset] : args, newTarget),
  apply: () => new Real(Real.now() + offset).toString(),
  get: (target, property) => (property === 'now' ? () => Real.now() + offset : Reflect.get(target, property)),
});
