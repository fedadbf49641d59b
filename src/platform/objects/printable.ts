/** Names come from buckets and archives: control characters must not reach a terminal or a log line. */
export function printable(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');
  return plain.length > 400 ? `${plain.slice(0, 400)}…` : plain;
}
