/**
 * Variables of the commands that talk to a server. They belong to a person's shell, so no process
 * warns of them.
 */
export const clientVariables = {
  url: { name: 'HOLDFAST_URL', default: 'http://127.0.0.1:8080', help: 'Where the commands find a server.' },
  key: { name: 'HOLDFAST_API_KEY', secret: true, help: 'API key that commands read with.' },
  environment: { name: 'HOLDFAST_ENVIRONMENT', default: '1', help: 'Environment that commands are about.' },
} as const;
