<?php

namespace Symfony;

/** Keeps a container below var/cache, and logs below var/log. */
final class Kernel
{
    public function __construct(private string $base)
    {
    }

    public function warm(): void
    {
        @mkdir($this->base . '/var/cache/prod', 0770, true);
        file_put_contents($this->base . '/var/cache/prod/container.php', "<?php return 'warm';\n");
    }

    public function handle(string $path): string
    {
        @mkdir($this->base . '/var/log', 0770, true);
        file_put_contents($this->base . '/var/log/prod.log', "$path\n", FILE_APPEND);

        return 'route ' . $path . ' ' . (require $this->base . '/var/cache/prod/container.php') . "\n";
    }
}
