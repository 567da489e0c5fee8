/**
 * Installs the Debian packages that some tests need. A machine where that is not possible still runs the other tests:
 * those that need a missing program report themselves as skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const packageOfProgram = { strace: 'strace', 'mkfs.ext4': 'e2fsprogs', mount: 'mount', chromium: 'chromium' };

// mkfs lies in a folder that is often missing from the PATH of everybody but root.
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const missing = Object.entries(packageOfProgram).filter(([program]) => !isInstalled(program));
if (missing.length > 0) {
  const packages = missing.map(([, name]) => name);
  const problem = installPackages(packages);
  if (problem !== undefined) {
    const programs = missing.filter(([program]) => !isInstalled(program)).map(([program]) => program);
    console.error(`rapport: tests that need ${programs.join(', ')} will be skipped: ${problem}.`);
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
  const aptGet = (...args: string[]) => {
    const [file = '', ...rest] = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-q',
      ...args,
    ];
    return spawnSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  // It fails for one unreachable source of many; the installs then tell whether it matters.
  aptGet('update');
  // One by one: a package that this system does not have is not to keep the others away.
  const problems = packages.flatMap((name) => {
    const { status, stderr } = aptGet('install', '-y', '--no-install-recommends', name);
    return status === 0 ? [] : [`apt-get install ${name} failed (${stderr.trim().split('\n').at(-1)})`];
  });
  return problems.length === 0 ? undefined : problems.join('; ');
}
