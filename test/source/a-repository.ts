import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A repository with a working tree, and the bare one that others fetch from; both lie in `folder`. */
export class Repository {
  readonly work: string;
  readonly bare: string;

  constructor(folder: string) {
    this.work = join(folder, 'work');
    this.bare = join(folder, 'policy.git');
    mkdirSync(this.work, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main', '.');
    this.git('config', 'user.name', 'Ana');
    this.git('config', 'user.email', 'ana@example.com');
  }

  /** Its id. */
  commit(files: Readonly<Record<string, string>>): string {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.work, path)), { recursive: true });
      writeFileSync(join(this.work, path), content);
    }
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', 'A step');
    return this.git('rev-parse', 'HEAD');
  }

  publish(): void {
    this.git('clone', '--quiet', '--bare', this.work, this.bare);
    // For web servers that know nothing of git.
    this.git('--git-dir', this.bare, 'update-server-info');
  }

  git(...args: readonly string[]): string {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: join(this.work, 'none'), GIT_CONFIG_NOSYSTEM: '1' };
    return execFileSync('git', args, { cwd: this.work, env, encoding: 'utf8', stdio: 'pipe' }).trim();
  }
}
