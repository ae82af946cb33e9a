/** Short notices at the edge of the page: a thing was done, and the way to undo it. */
import { useEffect, useSyncExternalStore } from 'react';

/** A notice. It stays until it is closed or `seconds` have passed without the pointer on it. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'done' | 'failed';
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Time enough to read it, to think, and to reach the button. */
const SECONDS = 15;
/** Older ones go. */
const MOST = 4;

const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let last = 0;

/** Shows a notice. */
export function showToast(toast: Omit<Toast, 'id'>): void {
  set([...toasts, { ...toast, id: ++last }].slice(-MOST));
}

/** Draws the notices. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastView({ toast: { id, text, tone, action } }: { readonly toast: Toast }) {
  useEffect(() => {
    const timer = setTimeout(() => close(id), SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [id]);
  return (
    <div className={`toast toast-${tone}`}>
      <p>{text}</p>
      {action !== undefined && (
        <button
          type="button"
          className="button"
          onClick={() => {
            close(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button
        type="button"
        className="button button-quiet"
        aria-label="Close the notice"
        onClick={() => close(id)}
      >
        ✕
      </button>
    </div>
  );
}

function close(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}
