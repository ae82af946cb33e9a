/** The colours of the page: those of the system, unless the user chose. */
import { useSyncExternalStore } from 'react';

/** A choice of colours. */
export type Theme = 'system' | 'light' | 'dark';

const STORED = 'holdfast.theme';
const listeners = new Set<() => void>();
let current = read();
apply();

/** Subscribes a component to the choice. */
export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Chooses colours, for later pages too. */
export function chooseTheme(theme: Theme): void {
  current = theme;
  localStorage.setItem(STORED, theme);
  apply();
  for (const listener of listeners) listener();
}

function apply(): void {
  const { dataset } = document.documentElement;
  if (current === 'system') delete dataset.theme;
  else dataset.theme = current;
}

function read(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}
