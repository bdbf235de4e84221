/** What a person who may write can do with one message of a chat. */
export interface Actions {
  edit: (text: string) => Promise<boolean>;
  remove: (count: number) => Promise<boolean>;
  hide: (hidden: boolean) => void;
  branch: () => void;
  swipe: (step: -1 | 1) => void;
}
