/** Copying. Only https and this machine itself have a clipboard to write to; elsewhere the person presses the keys. */

/** False: there is no clipboard, and `shown` was selected instead. */
export async function copyText(text: string, shown?: HTMLElement): Promise<boolean> {
  if ((navigator.clipboard as Clipboard | undefined) === undefined) {
    if (shown !== undefined) getSelection()?.selectAllChildren(shown);
    return false;
  }
  await navigator.clipboard.writeText(text);
  return true;
}
