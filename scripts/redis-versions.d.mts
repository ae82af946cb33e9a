/** The servers that are fetched for tests. */
export type RedisVersion = 'redis-6.2' | 'valkey-9';
export declare function redisVersion(name: RedisVersion): string;
export declare function fetchRedisVersions(): void;
