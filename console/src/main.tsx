/** The start of the page. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api.js';
import { Console } from './shell/console.js';
import { startSession } from './sign-in.js';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The server's "no" stays a "no"; what may pass is tried again.
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      staleTime: 5_000,
    },
  },
});

const container = document.getElementById('root');
if (container === null) throw new Error('index.html has no element "root"');
createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Console />
    </QueryClientProvider>
  </StrictMode>,
);
// The page is here: what counts failed attempts (public/loading.js) begins again.
sessionStorage.removeItem('holdfast.loads');
void startSession();
