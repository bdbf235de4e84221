/** One choice of a menu. */
export interface MenuItem {
  text: string;
  act: () => void;
  /** It cannot be undone. */
  danger?: boolean;
}
