/*
 * Notices that the page could not be loaded, and loads it again. A file is missing where a node was
 * updated between two requests, or where the network changed in between; without this, the page
 * would stay empty. A plain script, because modules are among what may be missing.
 */
(() => {
  const COUNT = 'holdfast.loads';
  const ATTEMPTS = 3;
  const isFile = (target) => target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;

  const again = () => {
    const tried = Number(sessionStorage.getItem(COUNT) ?? 0);
    if (tried < ATTEMPTS) {
      sessionStorage.setItem(COUNT, String(tried + 1));
      setTimeout(() => location.reload(), 300 * (tried + 1));
      return;
    }
    sessionStorage.removeItem(COUNT);
    const text = document.getElementById('loading');
    if (text !== null) text.textContent = 'The console could not be loaded. Reload the page to try again.';
  };

  let isFailed = false;
  addEventListener(
    'error',
    ({ target }) => {
      // Once for all files of a page; and not after the page is there, which has its own words then.
      if (!isFile(target) || isFailed) return;
      if (document.readyState !== 'loading' && document.getElementById('loading') === null) return;
      isFailed = true;
      if (document.readyState === 'loading') addEventListener('DOMContentLoaded', again);
      else again();
    },
    true,
  );
})();
