/**
 * Installs the Debian packages that some tests need. A machine where that is not possible still runs the other tests:
 * those that need a missing program report themselves as skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const packageOfProgram = { strace: 'strace', 'mkfs.ext4': 'e2fsprogs', mount: 'mount' };

// mkfs lies in a folder that is often missing from the PATH of everybody but root.
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const missing = Object.entries(packageOfProgram).filter(([program]) => !isInstalled(program));
if (missing.length > 0) {
  const packages = missing.map(([, name]) => name);
  const problem = installPackages(packages);
  if (problem !== undefined) {
    const programs = missing.map(([program]) => program).join(', ');
    console.error(`rapport: tests that need ${programs} will be skipped: ${problem}.`);
  }
}

function isInstalled(program: string): boolean {
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/** Returns what stands in the way, if anything does. */
function installPackages(packages: readonly string[]): string | undefined {
  if (!isInstalled('apt-get')) return `apt-get is not here to install ${packages.join(' ')}`;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (asRoot.length > 0 && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    return `run "apt-get install ${packages.join(' ')}" as root to have them`;
  }
  console.error(`rapport: installing ${packages.join(' ')} (apt-get) ...`);
  for (const step of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const [file = '', ...args] = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-q',
      ...step,
    ];
    const result = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    // apt-get update fails for one unreachable source of many; the install then tells whether it matters.
    if (result.status !== 0 && step[0] === 'install') {
      return `apt-get install failed (${result.stderr.trim().split('\n').at(-1)})`;
    }
  }
  return undefined;
}
