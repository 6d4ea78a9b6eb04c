using System;

public static class Program
{
    public static void Main() => Console.WriteLine("It is " + Lib.Calendar.Berlin(new DateTime(2026, 3, 1)));
}
