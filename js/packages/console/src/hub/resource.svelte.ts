/** Something that is asked of the hub when a page opens, and again after it was changed. */

export class Resource<Value> {
  value = $state.raw<Value | null>(null);
  loading = $state(false);

  constructor(
    private readonly ask: () => Promise<Value>,
    private readonly failed: (error: unknown) => void,
  ) {
    void this.load();
  }

  async load(): Promise<void> {
    this.loading = true;
    try {
      this.value = await this.ask();
    } catch (error) {
      this.failed(error);
    } finally {
      this.loading = false;
    }
  }

  /** Do something that changes it, then ask again. True if it went well. */
  async after(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
    } catch (error) {
      this.failed(error);
      return false;
    }
    await this.load();
    return true;
  }
}
