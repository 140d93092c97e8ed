/** Text to be copied: one click takes all of it, and with the browser script there is a button of that name. */
export function Secret({ text, copy }: { text: string; copy: string }) {
  return (
    <code class="secret" data-copy={copy}>
      {text}
    </code>
  );
}
