/**
 * The query language of go-feature-flag's rules as ours. Pure.
 *
 * https://github.com/nikunjy/rules: comparisons such as `email ew "@acme.com"`, with `and`, `or`,
 * `not` and parentheses. Texts are compared without regard to case.
 */
import { all, any, not, NotConvertible, testNumber, testTexts, type Condition } from './condition.js';
import { propertyOf, USER_KEY } from './input.js';
import { versionCondition } from './version-condition.js';

type Token =
  | { readonly kind: 'word' | 'symbol'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'version'; readonly text: string };

const TOKEN =
  /\s*(?:"((?:[^"\\]|\\.)*)"|(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(==|!=|<=|>=|<|>|\(|\)|\[|\]|,)|([A-Za-z_$][\w.$:-]*))/y;

/** Names of operators to one of them; case does not matter. */
const OPERATORS: Readonly<Record<string, string>> = {
  eq: '==',
  '==': '==',
  ne: '!=',
  '!=': '!=',
  lt: '<',
  '<': '<',
  le: '<=',
  '<=': '<=',
  gt: '>',
  '>': '>',
  ge: '>=',
  '>=': '>=',
  co: 'co',
  sw: 'sw',
  ew: 'ew',
  in: 'in',
  pr: 'pr',
};

/**
 * Reads a query.
 *
 * @param onText is called when a text with letters is compared: case matters in a ruleset
 * @throws NotConvertible
 */
export function queryCondition(query: string, onText: () => void): Condition {
  return new QueryReader(query, onText).read();
}

class QueryReader {
  readonly #tokens: readonly Token[];
  readonly #onText: () => void;
  #at = 0;
  #depth = 0;

  constructor(query: string, onText: () => void) {
    this.#tokens = tokensOf(query);
    this.#onText = onText;
  }

  read(): Condition {
    const condition = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new NotConvertible(`its query has ${rest.text} where it should end`);
    return condition;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#takeWord('or')) parts.push(this.#and());
    return any(parts);
  }

  #and(): Condition {
    const parts = [this.#unary()];
    while (this.#takeWord('and')) parts.push(this.#unary());
    return all(parts);
  }

  #unary(): Condition {
    if (++this.#depth > 50) throw new NotConvertible('its query is nested too deep');
    try {
      if (this.#takeWord('not')) return not(this.#unary());
      if (this.#takeSymbol('(')) {
        const inner = this.#or();
        this.#mustTake(')');
        return inner;
      }
      return this.#comparison();
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Condition {
    const name = this.#next('an attribute');
    if (name.kind !== 'word') throw new NotConvertible(`its query has ${name.text} in place of an attribute`);
    const property = name.text === 'key' || name.text === 'targetingKey' ? USER_KEY : propertyOf(name.text);
    const given = this.#next('an operator').text;
    const operator = OPERATORS[given.toLowerCase()];
    if (operator === undefined) throw new NotConvertible(`its query has the unknown operator ${given}`);
    if (operator === 'pr') throw new NotConvertible(`its query asks whether ${name.text} is present`);
    if (operator === 'in') return testTexts(property, 'PROP_IS_ONE_OF', this.#list());
    return this.#compared(property, operator, this.#next('a value'));
  }

  #compared(property: string, operator: string, value: Token): Condition {
    if (value.kind === 'version') return versionCondition(property, operator, value.text);
    const text = this.#constant(value);
    switch (operator) {
      case '==':
        return testTexts(property, 'PROP_IS_ONE_OF', [text]);
      case '!=':
        return testTexts(property, 'PROP_IS_NOT_ONE_OF', [text]);
      case 'co':
        return testTexts(property, 'PROP_CONTAINS_ONE_OF', [text]);
      case 'sw':
        return testTexts(property, 'PROP_STARTS_WITH_ONE_OF', [text]);
      case 'ew':
        return testTexts(property, 'PROP_ENDS_WITH_ONE_OF', [text]);
      default:
        if (value.kind !== 'number')
          throw new NotConvertible(`its query compares ${property} in size with a text`);
        return testNumber(property, SIZES[operator] ?? '', Number(text));
    }
  }

  #list(): string[] {
    this.#mustTake('[');
    const values: string[] = [];
    while (!this.#takeSymbol(']')) {
      if (values.length > 0) this.#mustTake(',');
      values.push(this.#constant(this.#next('a value')));
    }
    return values;
  }

  #constant(token: Token): string {
    if (token.kind === 'text' && token.text.toLowerCase() !== token.text.toUpperCase()) this.#onText();
    const isBoolean = token.kind === 'word' && /^(true|false)$/i.test(token.text);
    if (isBoolean) return token.text.toLowerCase();
    if (token.kind === 'word' || token.kind === 'symbol') {
      throw new NotConvertible(`its query has ${token.text} in place of a value`);
    }
    return token.text;
  }

  #next(what: string): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new NotConvertible(`its query ends where ${what} should be`);
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    const isWord = token?.kind === 'word' && token.text.toLowerCase() === word;
    if (isWord) this.#at++;
    return isWord;
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    const isSymbol = token?.kind === 'symbol' && token.text === symbol;
    if (isSymbol) this.#at++;
    return isSymbol;
  }

  #mustTake(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw new NotConvertible(`its query lacks a ${symbol}`);
  }
}

const SIZES: Readonly<Record<string, string>> = {
  '<': 'PROP_LESS_THAN',
  '<=': 'PROP_LESS_THAN_OR_EQUAL',
  '>': 'PROP_GREATER_THAN',
  '>=': 'PROP_GREATER_THAN_OR_EQUAL',
};

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (query.slice(TOKEN.lastIndex).trim() !== '') {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(query);
    if (match === null)
      throw new NotConvertible(
        `its query cannot be read from ${JSON.stringify(query.slice(start, start + 20))}`,
      );
    const [, text, version, number, symbol, word] = match;
    if (text !== undefined) tokens.push({ kind: 'text', text: text.replace(/\\(.)/g, '$1') });
    else if (version !== undefined) tokens.push({ kind: 'version', text: version });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}
