#!/usr/bin/env python3
"""Stands in for PBS's qsub, qstat, qdel and qselect, by the name it is called by. PBS_HOME holds its jobs and moods.

Output and exit codes are those of PBS Professional. Moods (a file `mood.<command>`): `hang`, `refuse`, `garbage`,
`silent`, `lost` (the job was taken, and the command then hangs).
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time

home = os.environ['PBS_HOME']
me = os.path.basename(sys.argv[0])


def mood():
    try:
        with open(os.path.join(home, 'mood.' + me)) as file:
            return file.read().strip()
    except FileNotFoundError:
        return ''


def path(job):
    return os.path.join(home, 'job.' + job)


def load(job):
    with open(path(job)) as file:
        return json.load(file)


def save(job, what):
    with open(path(job) + '.new', 'w') as file:
        json.dump(what, file)
    os.replace(path(job) + '.new', path(job))


@contextlib.contextmanager
def locked():
    """What is read and then written must not be written by another meanwhile."""
    with open(os.path.join(home, 'lock'), 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fail(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


def qsub(args):
    job = '%d.pbs' % (len([name for name in os.listdir(home) if name.startswith('job.')]) + 1)
    script = sys.stdin.read()
    name = args[args.index('-N') + 1]
    if 'queue=none' in ' '.join(args) or ('-q' in args and args[args.index('-q') + 1] == 'none'):
        fail(170, 'qsub: Unknown queue')
    if len(name) > 15:
        fail(1, 'qsub: illegal -N value')
    state = 'Q' if '-q' in args and args[args.index('-q') + 1] == 'full' else 'R'
    what = {'state': state, 'name': name, 'args': args, 'pid': None, 'exit': None}
    if state == 'R':
        env = {'HOME': os.environ['HOME'], 'PATH': '/usr/bin:/bin', 'PBS_JOBID': job, 'TMPDIR': home}
        save(job, what)
        runner = subprocess.Popen([sys.executable, __file__, 'run', job], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, start_new_session=True, env=dict(env, PBS_HOME=home))
        runner.stdin.write(script.encode())
        runner.stdin.close()
    else:
        save(job, what)
    if mood() == 'lost':
        time.sleep(60)
    print(job)


def run(job):
    """What pbs_mom does: a shell reads the script; at the end the exit status is kept."""
    child = subprocess.Popen(['/bin/sh'], stdin=sys.stdin, preexec_fn=os.setsid)
    with locked():
        what = load(job)
        if what['state'] == 'F':  # deleted before it had begun
            os.killpg(child.pid, signal.SIGKILL)
            return
        save(job, dict(what, pid=child.pid))
    code = child.wait()
    with locked():
        what = load(job)
        what.update(state='F', exit=what.get('told', code if code >= 0 else 256 - code), pid=None)
        save(job, what)


def qstat(args):
    job = args[-1]
    if not os.path.exists(path(job)):
        fail(153, 'qstat: Unknown Job Id ' + job)
    what = load(job)
    print('Job Id: ' + job)
    print('    Job_Name = ' + what['name'])
    print('    job_state = ' + what['state'])
    if what['state'] in 'QH':
        print('    comment = Not Running: Insufficient amount of resource: ncpus (R: 64 A:\n\t 12 T: 48)')
    if what['exit'] is not None:
        print('    Exit_status = %d' % what['exit'])
    print('    Variable_List = PBS_O_HOME=/home/x,\n\tPBS_O_QUEUE=job_state')


def qdel(args):
    job = args[-1]
    if not os.path.exists(path(job)):
        fail(153, 'qdel: Unknown Job Id ' + job)
    with locked():
        what = load(job)
        if what['state'] == 'F':
            fail(35, 'qdel: Job has finished ' + job)
        if what['pid'] is None:
            save(job, dict(what, state='F', exit=271))
            return
        force = 'force' in args
        save(job, dict(what, told=265 if force else 271))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(what['pid'], signal.SIGKILL if force else signal.SIGTERM)


def qselect(args):
    name = args[args.index('-N') + 1]
    for entry in sorted(os.listdir(home)):
        if entry.startswith('job.') and not entry.endswith('.new') and load(entry[4:])['name'] == name:
            print(entry[4:])


if sys.argv[1:2] == ['run']:
    run(sys.argv[2])
    sys.exit()
if mood() == 'hang':
    time.sleep(60)
if mood() == 'refuse':
    fail(255, me + ': cannot connect to server pbs (errno=15007)')
if mood() == 'garbage':
    print('<html>The portal is being maintained</html>')
    sys.exit()
if mood() == 'silent':
    sys.exit()
{'qsub': qsub, 'qstat': qstat, 'qdel': qdel, 'qselect': qselect}[me](sys.argv[1:])
