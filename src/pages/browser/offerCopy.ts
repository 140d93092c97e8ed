/** A button beside each text that is there to be copied. Browsers have a clipboard over HTTPS and on localhost alone. */
export function offerCopy(root: ParentNode): void {
  if (!('clipboard' in navigator)) return;
  for (const text of root.querySelectorAll<HTMLElement>('[data-copy]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text.dataset['copy'] ?? '';
    const said = document.createElement('span');
    said.role = 'status';
    button.addEventListener('click', () => {
      navigator.clipboard
        .writeText(text.textContent ?? '')
        .then(() => (said.textContent = 'Copied.'))
        .catch(() => (said.textContent = 'The browser does not allow it: please copy it by hand.'));
    });
    const row = document.createElement('div');
    row.className = 'actions';
    row.append(button, said);
    text.after(row);
  }
}
