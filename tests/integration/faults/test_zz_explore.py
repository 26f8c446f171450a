from __future__ import annotations
import asyncio
from dataclasses import replace
import pytest, asyncpg
from sqlalchemy import text
from redis.asyncio import Redis
from runtime.domain.errors import *
from runtime.domain.plan import Plan, Step
from runtime.services.draft import Tenure
from runtime.services.judges import Judges
from runtime.store.executions import commit
from runtime.store.heads import read_head
from runtime.domain.limits import *
from tests.execution import *
from tests.execution import ENVIRONMENTS
from tests.execution import world, redis_url

SAME = Plan(steps=(Step(action="counter.set", inputs={"value": 0}),))

async def test_usage(world):
    j = Judges(ENVIRONMENTS).of("counter")
    org = world.caller.organization_id
    async def prepared(fence):
        head = await read_head(world.database, organization_id=org, project_id=world.project_id)
        t = Tenure(organization_id=org, project_id=world.project_id, fence=fence, now=world.ids.now())
        return j.group([world.execution(SAME)], head, t).commit
    a = await prepared(5); b = await prepared(6)
    await commit(world.database, a)
    with pytest.raises(StaleHeadError):
        await commit(world.database, b)

async def test_stale_412(world):
    other = await world.replica()
    await world.execute(an_increment())
    async with Redis.from_url(world.redis_url) as r: await r.flushall()
    v = (await other.execute(an_increment()))["after"]["version"]
    assert v == 2
    out = await world.execute(an_increment(), expects=2)
    print(out)

async def test_terminate_read(world, database):
    await world.counter()
    async with world.database.transaction(world.caller.organization_id) as c: pass
    su = await asyncpg.connect(database.urls.superuser_url)
    with pytest.raises(StorageUnavailableError):
        async with world.database.transaction(world.caller.organization_id) as c:
            await su.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname=current_database() and pid<>pg_backend_pid()")
            await c.execute(text("select 1"))
    await su.close()

async def test_cancel_read(world, database):
    su = await asyncpg.connect(database.urls.superuser_url)
    with pytest.raises(StorageUnavailableError):
        async with world.database.transaction(world.caller.organization_id) as c:
            await c.execute(text("set local statement_timeout='50ms'"))
            await c.execute(text("select pg_sleep(1)"))
    await su.close()

async def test_pool_timeout(world, database):
    from contextlib import AsyncExitStack
    with pytest.raises(StorageUnavailableError):
        async with AsyncExitStack() as s:
            for _ in range(7):
                await s.enter_async_context(world.database.transaction(world.caller.organization_id))

async def test_deadlock_like_serialization(world, database):
    with pytest.raises(StorageUnavailableError):
        async with world.database.transaction(world.caller.organization_id) as c:
            await c.execute(text("do $$ begin raise exception using errcode='40001'; end $$"))

async def test_blocked_row(world, database):
    await world.execute(an_increment())
    su = await asyncpg.connect(database.urls.superuser_url)
    tr = su.transaction(); await tr.start()
    await su.execute("select * from heads for update")
    t=asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(50):
            print(await world.execute(an_increment()))
    except BaseException as e: print("ERR", type(e), e)
    print("TOOK", asyncio.get_running_loop().time()-t)
    await tr.rollback(); await su.close()
    assert asyncio.get_running_loop().time()-t < 12

async def test_too_many(world, database):
    su = await asyncpg.connect(database.urls.superuser_url)
    await world.counter()
    await su.execute(f"alter role plangate_app connection limit 0")
    await su.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname=current_database() and pid<>pg_backend_pid()")
    t=asyncio.get_running_loop().time()
    for f in (world.counter, lambda: world.execute(an_increment())):
        try:
            print(await f())
        except BaseException as e: print("ERR", type(e), e)
        print("TOOK", asyncio.get_running_loop().time()-t)
    await su.execute(f"alter role plangate_app connection limit -1")
    print(await world.execute(an_increment()))
    await su.close()
