// Two example repositories, the same on every machine: fixed contents, fixed dates, therefore fixed commits.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { commitFile, createRepository } from './git.mjs';

const FILES = {
  website: {
    'README.md': '# website\n\nThe Northwind shop. Changes reach `main` through pull requests.\n',
    'src/index.js': "export const greeting = 'Welcome to Northwind';\n",
    '.github/workflows/deploy.yml': 'name: deploy\non:\n  push:\n    branches: [main]\n',
  },
  checkout: {
    'README.md': '# checkout\n\nTakes the money. On call: payments team.\n',
    'src/total.js': 'export const total = (net, rate) => net + net * rate;\n',
  },
};

/** @param {string} root Folder of the repositories. Repositories that exist are left as they are. @returns {Promise<void>} */
export async function seed(root) {
  mkdirSync(root, { recursive: true });
  for (const [name, files] of Object.entries(FILES)) {
    const repository = join(root, `${name}.git`);
    if (existsSync(repository)) continue;
    await createRepository(repository);
    for (const [path, content] of Object.entries(files)) {
      await commitFile(repository, {
        branch: 'main',
        path,
        content,
        message: `Add ${path}`,
        date: '2026-01-05T09:00:00Z',
      });
    }
  }
}
