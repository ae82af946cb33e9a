/** The options of signing in to the console with an issuer; a part of the option table. */
import { parseRoleRules } from '../oidc/roles.js';
import { option } from './option.js';
import { httpUrl, integer, oneWord, text } from './parsers.js';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The option of each setting, by the name of the setting in the code. */
export const oidcOptions = {
  /** The issuer of OpenID Connect, as it names itself; `undefined`: people sign in with tokens alone. */
  oidcIssuer: option({
    name: 'HOLDFAST_OIDC_ISSUER',
    roles: ['node'],
    shown: 'none',
    help: 'Issuer of OpenID Connect with which people sign in to the console, exactly as it names itself, such as https://login.example.com/realms/main (docs/how-to/oidc.md). Plain http only on this machine.',
    parse: (value) => {
      const { protocol, hostname } = new URL(httpUrl(value));
      if (protocol === 'https:' || LOOPBACK.test(hostname)) return value;
      throw new Error('must be an https:// URL: what the issuer says decides who gets in.');
    },
  }),
  /** The id under which Holdfast is registered there. */
  oidcClientId: option({
    name: 'HOLDFAST_OIDC_CLIENT_ID',
    roles: ['node'],
    shown: 'none',
    help: 'Id of the client that is registered there for Holdfast; required with an issuer.',
    parse: text,
  }),
  /** Its secret; `undefined`: a public client. Do not log it. */
  oidcClientSecret: option({
    name: 'HOLDFAST_OIDC_CLIENT_SECRET',
    roles: ['node'],
    secret: true,
    shown: 'none',
    help: 'Secret of that client. Without it the client is public, and PKCE alone protects the code.',
    parse: text,
  }),
  /** The address of the console as browsers see it, without a path. */
  consoleUrl: option({
    name: 'HOLDFAST_CONSOLE_URL',
    roles: ['node'],
    shown: 'none',
    help: 'Where browsers reach the console, such as https://flags.example.com, without a path; required with an issuer. Register <this>/admin/v1/oidc/callback there as the redirect URI.',
    parse: (value) => {
      const url = httpUrl(value);
      if (new URL(url).pathname !== '/') throw new Error('must have no path: the console is at /console/.');
      return new URL(url).origin;
    },
  }),
  /** The roles that values of the claim give. */
  oidcRoles: option({
    name: 'HOLDFAST_OIDC_ROLES',
    roles: ['node'],
    shown: 'none',
    help: 'Who gets in: values of the claim with the role of each, and environments if not all, such as flags-admins=admin, flags-editors=editor:staging|production, *=viewer. The first that matches counts; * is anyone whom the issuer signs in. Required with an issuer.',
    parse: parseRoleRules,
  }),
  /** The claim that gives roles. */
  oidcRolesClaim: option({
    name: 'HOLDFAST_OIDC_ROLES_CLAIM',
    roles: ['node'],
    default: 'groups',
    help: 'Claim whose values HOLDFAST_OIDC_ROLES names, in the ID token or UserInfo: its name, or a path with dots such as realm_access.roles. email counts only when the issuer has verified it.',
    parse: oneWord,
  }),
  /** The claim that names people in the history; `undefined`: the first of several. */
  oidcNameClaim: option({
    name: 'HOLDFAST_OIDC_NAME_CLAIM',
    roles: ['node'],
    shown: 'the first of email, preferred_username, sub',
    help: 'Claim that is the name of a person in the history and the audit trail; one that people cannot change themselves.',
    parse: oneWord,
  }),
  /** The scopes that are asked for, separated by spaces; openid is one of them. */
  oidcScopes: option({
    name: 'HOLDFAST_OIDC_SCOPES',
    roles: ['node'],
    default: 'openid profile email',
    help: 'Scopes that are asked for, separated by spaces; some issuers need one more for groups.',
    parse: (value) => {
      const scopes = value.split(/[\s,]+/).filter((scope) => scope !== '');
      return [...new Set(['openid', ...scopes])].join(' ');
    },
  }),
  /** The text of the link; `undefined`: the host of the issuer. */
  oidcLabel: option({
    name: 'HOLDFAST_OIDC_LABEL',
    roles: ['node'],
    shown: 'the host of the issuer',
    help: 'Text of the link on the page: Sign in with <this>. At most 40 characters.',
    parse: (value) => {
      if (value.length > 40) throw new Error(`must have at most 40 characters, and has ${value.length}.`);
      return value;
    },
  }),
  /** Minutes that a session lasts. */
  oidcSessionMinutes: option({
    name: 'HOLDFAST_OIDC_SESSION',
    roles: ['node'],
    default: '480',
    help: 'Minutes after which a person signs in again; what the issuer says of them is read then. 1 to 720.',
    parse: integer(1, 720),
  }),
};
