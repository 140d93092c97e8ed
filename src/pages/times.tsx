const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** A moment (ISO 8601), in UTC; the browser script puts it into the visitor's own time zone. */
export function When({ at }: { at: string }) {
  return <time datetime={at}>{momentText(at)}</time>;
}

/** The end of a share or link; nothing where it has none. */
export function Until({ at }: { at: string | null }) {
  return at === null ? null : (
    <>
      {' · until '}
      <When at={at} />
    </>
  );
}

export function momentText(at: string): string {
  return `${format.format(new Date(at))} UTC`;
}
