/**
 * The query language of go-feature-flag's rules as ours. Pure.
 *
 * https://github.com/nikunjy/rules: comparisons such as `email ew "@acme.com"`, with `and`, `or`,
 * `not` and parentheses. Neither `and` nor `or` binds closer than the other: its grammar has one
 * rule for both, so they are read from left to right. Texts are compared without regard to case,
 * but for those of a list, and escapes in them stay as written.
 */
import { all, any, not, NotConvertible, testNumber, testTexts, type Condition } from './condition.js';
import { propertyOf, USER_KEY } from './input.js';
import { isTyped } from './json-logic.js';
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
 * @param differs is called for each comparison that some context may fare differently with
 * @throws NotConvertible
 */
export function queryCondition(query: string, differs: (reason: string) => void): Condition {
  return new QueryReader(query, differs).read();
}

const IGNORES_CASE =
  'its queries compare texts without regard to case; here an attribute must be written as the rule is';
const TYPES_DIFFER =
  'its queries compare an attribute with a constant of its own type only; here the text "5" is also the number 5';
const ABSENT_DIFFERS = 'in its queries "ne" does not hold for a context without the attribute; here it does';
const TRUNCATES =
  'its queries drop what follows the point of an attribute before they compare it with a whole number; here 18.5 is greater than 18';

class QueryReader {
  readonly #tokens: readonly Token[];
  readonly #differs: (reason: string) => void;
  #at = 0;
  #depth = 0;

  constructor(query: string, differs: (reason: string) => void) {
    this.#tokens = tokensOf(query);
    this.#differs = differs;
  }

  read(): Condition {
    const condition = this.#query();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new NotConvertible(`its query has ${rest.text} where it should end`);
    return condition;
  }

  #query(): Condition {
    let condition = this.#unary();
    for (;;) {
      if (this.#takeWord('or')) condition = any([condition, this.#unary()]);
      else if (this.#takeWord('and')) condition = all([condition, this.#unary()]);
      else return condition;
    }
  }

  #unary(): Condition {
    if (++this.#depth > 50) throw new NotConvertible('its query is nested too deep');
    try {
      if (this.#takeWord('not')) return not(this.#unary());
      if (this.#takeSymbol('(')) {
        const inner = this.#query();
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
    const value = this.#next('a value');
    if (property === ANONYMOUS && isBoolean(value)) return anonymity(operator, value.text);
    if (operator === '!=' && property !== USER_KEY && value.kind !== 'version') this.#differs(ABSENT_DIFFERS);
    return this.#compared(property, operator, value);
  }

  #compared(property: string, operator: string, value: Token): Condition {
    if (value.kind === 'version') return versionCondition(property, operator, value.text);
    const text = this.#constant(value);
    if (value.kind === 'text' && text.toLowerCase() !== text.toUpperCase()) this.#differs(IGNORES_CASE);
    if (value.kind === 'number' && isTruncated(operator, Number(text))) this.#differs(TRUNCATES);
    const ours = TEXTS[operator];
    if (ours !== undefined) {
      if (operator === 'co' || operator === 'sw' || operator === 'ew') {
        if (value.kind !== 'text')
          throw new NotConvertible(`its query searches ${property} for ${text}, which is no text`);
        return testTexts(property, ours, [text]);
      }
      if (isTyped(text)) this.#differs(TYPES_DIFFER);
      return testTexts(property, ours, [text]);
    }
    if (value.kind !== 'number')
      throw new NotConvertible(`its query compares ${property} in size with a text`);
    return testNumber(property, SIZES[operator] ?? '', Number(text));
  }

  #list(): string[] {
    this.#mustTake('[');
    const values: string[] = [];
    while (!this.#takeSymbol(']')) {
      if (values.length > 0) this.#mustTake(',');
      values.push(this.#constant(this.#next('a value')));
    }
    if (values.some(isTyped)) this.#differs(TYPES_DIFFER);
    return values;
  }

  #constant(token: Token): string {
    if (isBoolean(token)) return token.text.toLowerCase();
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

const TEXTS: Readonly<Record<string, string>> = {
  '==': 'PROP_IS_ONE_OF',
  '!=': 'PROP_IS_NOT_ONE_OF',
  co: 'PROP_CONTAINS_ONE_OF',
  sw: 'PROP_STARTS_WITH_ONE_OF',
  ew: 'PROP_ENDS_WITH_ONE_OF',
};

const SIZES: Readonly<Record<string, string>> = {
  '<': 'PROP_LESS_THAN',
  '<=': 'PROP_LESS_THAN_OR_EQUAL',
  '>': 'PROP_GREATER_THAN',
  '>=': 'PROP_GREATER_THAN_OR_EQUAL',
};

/** go-feature-flag gives every context this attribute: false unless it is set to true. */
const ANONYMOUS = 'user.anonymous';

function anonymity(operator: string, constant: string): Condition {
  if (operator !== '==' && operator !== '!=')
    throw new NotConvertible(`its query compares ${ANONYMOUS} otherwise than by eq and ne`);
  const isTrue = (operator === '==') === (constant.toLowerCase() === 'true');
  return testTexts(ANONYMOUS, isTrue ? 'PROP_IS_ONE_OF' : 'PROP_IS_NOT_ONE_OF', ['true']);
}

/** True when a comparison with a number may turn out otherwise for an attribute with decimals. */
function isTruncated(operator: string, constant: number): boolean {
  if (!Number.isInteger(constant)) return false;
  const isExact = operator === '>=' || operator === '<';
  return !isExact || constant <= 0;
}

function isBoolean({ kind, text }: Token): boolean {
  return kind === 'word' && /^(true|false)$/i.test(text);
}

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
    if (text !== undefined) tokens.push({ kind: 'text', text });
    else if (version !== undefined) tokens.push({ kind: 'version', text: version });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}
