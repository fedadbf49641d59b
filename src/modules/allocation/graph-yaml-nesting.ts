import { Lexer, Parser } from 'yaml';

/**
 * True when collections stand in each other more than `levels` deep. The YAML reader recurses into what is nested, and a file
 * that exhausts the stack there can end the process: this looks at the tokens, which need no recursion, and stops at the first
 * level too many.
 */
export function isYamlNestedDeeperThan(text: string, levels: number): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    // Tokens are the parser's way out; what is open is on its stack.
    for (const _ of parser.next(lexeme)) if (parser.stack.length > levels) return true;
    if (parser.stack.length > levels) return true;
  }
  return false;
}
