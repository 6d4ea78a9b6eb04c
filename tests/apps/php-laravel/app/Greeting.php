<?php

namespace App;

final class Greeting
{
    public const TEXT = 'hello';
}
